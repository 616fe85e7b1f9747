/** Ember's half-folded wings, which stand behind everything else and give a little with the hair. */
import { pair, prepare } from '../../draw/strands';
import type { Strand } from '../../types';

const WING = { from: 80, span: 600, gain: 8 };
const BONES =
	'M540 366C596 306 640 204 664 76M664 76C740 82 780 210 774 360C770 470 777 540 771 622M664 76C716 160 742 290 715 414M664 76C680 170 668 270 635 350';

const membrane: Strand = {
	group: 'body',
	hang: WING,
	fill: 'wing',
	stroke: 'wingEdge',
	width: 4.5,
	d: 'M536 358C592 298 632 204 648 66C746 44 790 190 781 360C777 470 782 584 767 688C757 640 757 486 742 396C732 400 720 414 711 444C705 384 698 334 680 300C660 312 644 336 629 374C619 350 606 340 588 340L536 388Z'
};
const folds: Strand = {
	group: 'body',
	hang: WING,
	fill: 'wingShade',
	opacity: 0.7,
	d: 'M664 76C716 160 742 290 716 424C706 370 698 334 680 300C686 240 682 150 664 76ZM664 76C740 82 780 210 774 360C770 470 776 570 766 664C757 620 757 486 742 396C752 280 724 150 664 76Z'
};
const boneEdge: Strand = { group: 'body', hang: WING, stroke: 'clothLine', width: 11, d: BONES };
const bone: Strand = { group: 'body', hang: WING, stroke: 'wingBone', width: 5.5, d: BONES };
const claw: Strand = {
	group: 'body',
	fill: 'spike',
	stroke: 'hornLine',
	width: 3.4,
	d: 'M648 92C636 66 640 40 662 24C660 46 668 62 682 78C674 94 660 98 648 92Z'
};

export const wings = prepare([membrane, folds, boneEdge, bone, claw].flatMap(pair));
