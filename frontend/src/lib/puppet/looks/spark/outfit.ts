/** Spark's neck, shoulders and clothes, from back to front. They move only with the breath. */
import { both, ellipse, sparkle } from '../../draw/path';
import type { Item } from '../../types';

const SHOULDERS =
	'M366 560C368 606 366 632 350 648C318 668 268 674 236 700C206 724 196 772 190 900L610 900C610 800 594 724 564 700C532 674 482 668 450 648C434 632 432 606 434 560Z';
const BODICE =
	'M362 654C346 704 300 730 286 782C292 860 278 940 270 1040L530 1040C522 940 508 860 514 782C500 730 454 704 438 654Q400 684 362 654Z';
const COLLAR =
	'M572 730C590 740 596 764 586 786C560 842 526 874 492 892C486 930 488 980 492 1040L536 1040C534 980 536 930 546 892C584 866 618 832 632 800C628 764 604 736 572 730Z';

export const body: readonly Item[] = [
	{ group: 'body', d: SHOULDERS, fill: 'skin', stroke: 'skinLine', width: 3.2 },
	{
		group: 'body',
		d: 'M366 574C386 608 414 618 434 600L434 572ZM366 574L366 622C380 640 412 650 434 612L434 590C414 618 386 608 366 574Z',
		fill: 'skinShade',
		opacity: 0.75
	},
	{
		group: 'body',
		d: 'M330 690Q352 694 370 708M470 690Q448 694 430 708',
		stroke: 'skinLine',
		width: 2.6,
		opacity: 0.7
	},
	{ group: 'body', d: BODICE, fill: 'bodice', stroke: 'clothLine', width: 3.6 },
	{
		group: 'body',
		d: 'M286 782C310 800 340 806 366 800C352 880 344 960 342 1040L270 1040C278 940 292 860 286 782ZM514 782C490 800 460 806 434 800C448 880 456 960 458 1040L530 1040C522 940 508 860 514 782Z',
		fill: 'bodiceShade',
		opacity: 0.6
	},
	{ group: 'body', d: both('M538 838Q522 806 524 768'), stroke: 'skinLine', width: 2.8 },
	{ group: 'body', d: both('M368 664C360 700 338 724 316 744'), stroke: 'gold', width: 4 },
	{
		group: 'body',
		d: 'M364 626Q400 656 436 626L436 644Q400 674 364 644Z',
		fill: 'choker',
		stroke: 'clothLine',
		width: 2.8
	},
	{
		group: 'body',
		d: both(
			'M606 756C644 772 672 806 686 850C704 910 704 970 698 1040L498 1040C496 980 496 930 502 888C542 868 582 834 604 800Z'
		),
		fill: 'jacket',
		stroke: 'clothLine',
		width: 3.8
	},
	{
		group: 'body',
		d: both(
			'M656 806C676 880 672 970 660 1040L698 1040C704 970 704 910 686 850C680 832 670 818 656 806ZM540 872C552 920 556 990 552 1040L498 1040C496 980 496 930 502 888Z'
		),
		fill: 'jacketShade',
		opacity: 0.8
	},
	{
		group: 'body',
		d: both(
			'M622 800C630 822 634 850 634 880M604 830C614 856 618 884 618 906M640 966C644 990 644 1016 642 1040M600 972C602 996 602 1020 600 1040'
		),
		stroke: 'jacketFold',
		width: 3
	},
	{
		group: 'body',
		d: both('M704 912C664 938 596 948 544 940L546 968C600 976 668 966 707 942Z'),
		fill: 'gold',
		stroke: 'goldLine',
		width: 2.6
	},
	{ group: 'body', d: both(COLLAR), fill: 'lining', stroke: 'clothLine', width: 3.6 },
	{
		group: 'body',
		d: both('M600 752C612 772 612 790 600 806C574 844 540 874 506 890'),
		stroke: 'white',
		width: 3.4,
		opacity: 0.85
	},
	{
		group: 'body',
		d: 'M398 752C378 800 352 850 336 894L368 884L380 914C392 866 400 816 404 760ZM402 752C422 800 448 850 464 894L432 884L420 914C408 866 400 816 396 760Z',
		fill: 'bowDark',
		stroke: 'bowLine',
		width: 3.2
	},
	{
		group: 'body',
		d: both('M404 748C430 704 484 690 502 712C516 744 500 796 474 800C444 796 420 780 404 762Z'),
		fill: 'bow',
		stroke: 'bowLine',
		width: 3.4
	},
	{ group: 'body', d: both('M420 752Q448 732 476 732M420 762Q446 768 466 780'), stroke: 'bowLine', width: 2.4 },
	{ group: 'body', d: ellipse(400, 754, 20, 20), fill: 'bowDark', stroke: 'bowLine', width: 3 },
	{ group: 'body', d: sparkle(400, 754, 34), fill: 'gold', stroke: 'goldLine', width: 3.2 },
	{ group: 'body', d: sparkle(400, 938, 15) + sparkle(400, 982, 15), fill: 'gold', stroke: 'goldLine', width: 2.4 }
];
