/** Ember's burning tail, which swings behind her with the hair. */
import { prepare } from '../../draw/strands';
import type { Strand } from '../../types';

const TAIL = { from: 960, span: -420, gain: 24 };

const pieces: readonly Strand[] = [
	{
		group: 'body',
		hang: TAIL,
		stroke: 'clothLine',
		width: 24,
		d: 'M600 980C690 990 726 900 690 820C668 770 690 730 706 700'
	},
	{
		group: 'body',
		hang: TAIL,
		stroke: 'tail',
		width: 17,
		d: 'M600 980C690 990 726 900 690 820C668 770 690 730 706 700'
	},
	{
		group: 'body',
		hang: TAIL,
		fill: 'flame',
		stroke: 'flameLine',
		width: 3.4,
		d: 'M700 724C662 716 648 676 664 636C672 650 678 654 686 656C680 616 700 580 736 556C730 588 744 606 752 636C760 628 762 620 762 608C780 652 768 712 728 724C718 728 708 728 700 724Z'
	},
	{
		group: 'body',
		hang: TAIL,
		fill: 'flameCore',
		d: 'M704 714C684 706 682 684 694 664C698 674 702 676 708 678C706 654 716 636 728 624C730 646 742 656 744 676C744 700 726 716 704 714Z'
	}
];

export const tail = prepare(pieces);
