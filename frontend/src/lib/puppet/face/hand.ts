/** The hand that comes up to the chin of one who thinks. */
import { clamp } from '../draw/math';
import type { Item, Matrix, Params } from '../types';

/** How far below its place the hand waits, out of the picture. */
const TRAVEL = 460;

/** Weight of the mood from which the hand comes; a passing thought does not lift it. */
const FROM = 0.5;

const SLEEVE = 'M438 728C452 800 458 900 450 1060L650 1060C632 930 584 790 524 694Z';
const FOLDS = 'M476 760C490 830 498 900 498 980M520 730C560 800 590 880 604 960';
const CUFF = 'M428 716C456 714 492 702 518 682L532 712C506 734 470 746 436 748Z';
const FIST =
	'M440 722C424 706 414 688 416 668C418 654 426 646 438 642C454 636 474 636 490 642C506 650 514 664 512 680L508 696C490 712 466 720 440 722Z';
const THUMB =
	'M466 656C460 640 460 622 466 608C471 598 484 600 485 611C486 624 488 634 492 644C496 656 478 668 466 656Z';
const INDEX =
	'M424 662C416 644 408 624 404 606C402 595 415 590 421 599C430 614 440 630 450 646C456 660 434 676 424 662Z';
const KNUCKLES = 'M420 676C432 666 448 664 460 670M422 692C434 682 450 680 462 686M430 706C442 698 456 696 466 700';

/** 0 (away) to 1 (at the chin). */
const raised = (p: Params): number => {
	const t = clamp((p.mood.hand - FROM) / (1 - FROM), 0, 1);
	return t * t * (3 - 2 * t);
};

/** The hand keeps to the chin, which moves sideways with lean and turn of the head. */
export const handMatrix = (p: Params, sideways: number, yaw: number): Matrix => [
	1,
	0,
	0,
	1,
	sideways + yaw * 18,
	(1 - raised(p)) * TRAVEL
];

export function handItems(p: Params): readonly Item[] {
	const isUp = raised(p) > 0;
	const part = (d: string, item: Omit<Item, 'd' | 'group'>): Item => ({ ...item, group: 'hand', d: isUp ? d : '' });
	return [
		part(SLEEVE, { fill: 'sleeve', stroke: 'clothLine', width: 3.8 }),
		part(FOLDS, { stroke: 'sleeveFold', width: 3 }),
		part(THUMB, { fill: 'skin', stroke: 'skinLine', width: 3 }),
		part(FIST, { fill: 'skin', stroke: 'skinLine', width: 3.2 }),
		part(INDEX, { fill: 'skin', stroke: 'skinLine', width: 3 }),
		part(KNUCKLES, { stroke: 'skinLine', width: 2.4, opacity: 0.8 }),
		part(CUFF, { fill: 'cuff', stroke: 'clothLine', width: 3.2 })
	];
}
