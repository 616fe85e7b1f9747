/** Ember's neck, shoulders and clothes, from back to front. They move only with the breath. */
import { both, ellipse } from '../../draw/path';
import type { Item } from '../../types';

const collar: readonly Item[] = [
	{
		group: 'body',
		d: both('M440 640C490 622 540 590 574 548C592 600 590 660 570 720L470 760Z'),
		fill: 'collarIn',
		stroke: 'clothLine',
		width: 3.8
	},
	{ group: 'body', d: both('M452 650C496 634 540 606 566 574'), stroke: 'collarFold', width: 3 }
];

export const body: readonly Item[] = [
	...collar,
	{
		group: 'body',
		d: 'M366 560C368 606 366 632 350 650C320 680 300 700 290 760L510 760C500 700 480 680 450 650C434 632 432 606 434 560Z',
		fill: 'skin',
		stroke: 'skinLine',
		width: 3.2
	},
	{
		group: 'body',
		d: 'M366 574C386 608 414 618 434 600L434 612C414 650 382 642 366 622Z',
		fill: 'skinShade',
		opacity: 0.75
	},
	{
		group: 'body',
		d: 'M340 690Q360 692 378 706M460 690Q440 692 422 706',
		stroke: 'skinLine',
		width: 2.6,
		opacity: 0.7
	},
	{
		group: 'body',
		d: 'M312 704C346 740 372 748 400 724C428 748 454 740 488 704L520 1040L280 1040Z',
		fill: 'top',
		stroke: 'clothLine',
		width: 3.6
	},
	{
		group: 'body',
		d: both('M436 742L476 1040L520 1040L488 704C474 726 456 740 436 742Z'),
		fill: 'topShade',
		opacity: 0.7
	},
	{ group: 'body', d: 'M400 728L400 1040', stroke: 'gold', width: 4.5 },
	{
		group: 'body',
		d: both('M400 800Q430 806 462 796M400 860Q436 868 470 856M400 920Q440 930 478 916'),
		stroke: 'topLine',
		width: 3.4
	},
	{
		group: 'body',
		d: both(
			'M452 656C520 660 590 664 672 640C664 664 656 680 652 696C690 706 718 720 744 746C712 746 676 752 656 774C668 860 668 950 662 1040L490 1040C480 930 462 840 492 740C498 706 480 680 452 656Z'
		),
		fill: 'coat',
		stroke: 'clothLine',
		width: 4
	},
	{
		group: 'body',
		d: both(
			'M652 696C690 706 718 720 744 746C712 746 676 752 656 774C636 740 600 716 560 710C596 712 630 708 652 696ZM494 770C516 850 534 950 532 1040L490 1040C482 950 472 850 488 750Z'
		),
		fill: 'coatShade',
		opacity: 0.85
	},
	{
		group: 'body',
		d: both('M640 780C652 850 654 940 650 1040M618 806C628 870 630 950 626 1040'),
		stroke: 'coatFold',
		width: 3.2
	},
	{ group: 'body', d: both('M580 806C568 880 568 960 574 1040'), stroke: 'clothLine', width: 3.6 },
	{
		group: 'body',
		d: both(
			'M452 656C480 680 498 706 492 740C462 840 480 930 490 1040L452 1040C440 930 430 850 452 744C458 712 452 682 438 660Z'
		),
		fill: 'lapel',
		stroke: 'clothLine',
		width: 3.4
	},
	{ group: 'body', d: both('M672 640C664 664 656 680 652 696C690 706 718 720 744 746'), stroke: 'gold', width: 4.5 },
	{
		group: 'body',
		d: 'M364 624Q400 654 436 624L436 646Q400 676 364 646Z',
		fill: 'choker',
		stroke: 'clothLine',
		width: 2.8
	},
	{
		group: 'body',
		d: both('M426 652L432 664L438 646ZM412 660L417 672L424 656Z') + 'M395 664L400 678L405 664Z',
		fill: 'spike',
		stroke: 'goldLine',
		width: 1.6
	},
	{ group: 'body', d: 'M478 772C450 800 350 800 322 772', stroke: 'goldLine', width: 8 },
	{ group: 'body', d: 'M478 772C450 800 350 800 322 772', stroke: 'gold', width: 4.5 },
	{
		group: 'body',
		d: ellipse(322, 770, 13, 13) + ellipse(478, 770, 13, 13),
		fill: 'gold',
		stroke: 'goldLine',
		width: 3
	},
	{
		group: 'body',
		d: 'M400 752C392 776 374 786 374 812C374 832 386 844 400 844C414 844 426 832 426 812C426 800 420 792 416 782C414 790 412 792 408 794C410 778 408 764 400 752Z',
		fill: 'flame',
		stroke: 'flameLine',
		width: 3.2
	},
	{
		group: 'body',
		d: 'M400 800C394 812 388 816 388 826C388 834 394 838 400 838C406 838 412 834 412 826C412 818 404 812 400 800Z',
		fill: 'flameCore'
	}
];
