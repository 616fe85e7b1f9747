/** Ember's hair with horns and clips, from back to front. */
import { pair, prepare } from '../../draw/strands';
import { ellipse, shift } from '../../draw/path';
import type { Strand } from '../../types';

const FLICK = { from: 400, span: 300, gain: 22 };
const FRINGE = { from: 240, span: 280, gain: 9 };
const backHair: Strand = {
	group: 'back',
	hang: FLICK,
	fill: 'hairBack',
	stroke: 'line',
	width: 4,
	d: 'M400 180C310 180 262 226 238 300C206 390 214 470 186 540C176 566 158 584 136 594C164 604 190 602 210 592C206 622 192 646 170 664C202 668 232 658 252 638C256 660 252 684 242 704C282 694 312 676 326 650L474 650C488 676 518 694 558 704C548 684 544 660 548 638C568 658 598 668 630 664C608 646 594 622 590 592C610 602 636 604 664 594C642 584 624 566 614 540C586 470 594 390 562 300C538 226 490 180 400 180Z'
};
const flick: Strand = {
	group: 'locks',
	hang: FLICK,
	fill: 'hair',
	stroke: 'line',
	width: 3.6,
	d: shift(
		'M540 300C574 370 570 450 588 510C600 552 624 572 660 576C636 592 612 596 592 588C594 616 610 634 632 642C600 652 570 640 552 616C548 634 538 650 524 660C520 610 528 560 524 500C522 450 518 410 508 380Z',
		11,
		0
	)
};
const flickShade: Strand = {
	group: 'locks',
	hang: FLICK,
	fill: 'hairShade',
	opacity: 0.55,
	d: shift(
		'M512 390C536 430 540 500 546 550C552 580 570 600 592 588C594 616 610 634 632 642C600 652 570 640 552 616C548 634 538 650 524 660C520 610 528 560 524 500C522 450 518 410 512 390Z',
		11,
		0
	)
};
const flickLines: Strand = {
	group: 'locks',
	hang: FLICK,
	stroke: 'line',
	width: 2.3,
	d: shift('M550 380C560 460 562 530 592 588M532 410C540 480 536 560 552 616', 11, 0)
};

const BANGS =
	'M400 150C300 146 226 220 236 392C238 428 240 462 250 500C256 466 262 440 272 408C274 424 278 436 284 446C298 424 312 404 326 390C328 402 332 412 338 420C378 398 424 366 446 318C446 348 452 370 464 390C478 372 486 354 488 330C498 360 508 386 522 412C530 402 532 390 532 378C544 412 550 452 552 500C562 462 564 424 564 392C574 220 500 154 400 150Z';
const bangs: Strand = { group: 'fringe', hang: FRINGE, fill: 'hair', stroke: 'line', width: 4, d: BANGS };
const bangsShadow: Strand = {
	group: 'head',
	hang: FRINGE,
	fill: 'skinShade',
	opacity: 0.6,
	clip: 'face',
	d: shift(BANGS, 3, 17)
};
const bangsDepth: Strand = {
	group: 'fringe',
	hang: FRINGE,
	fill: 'hairShade',
	opacity: 0.5,
	d: 'M250 500C256 466 262 440 272 408C270 380 272 350 278 322C252 390 244 450 250 500ZM284 446C298 424 312 404 326 390C340 372 352 356 362 338C336 372 306 400 284 446ZM338 420C378 398 424 366 446 318C448 296 448 280 446 262C430 330 390 384 338 420ZM464 390C478 372 486 354 488 330C486 308 482 290 476 272C480 320 476 360 464 390ZM522 412C530 402 532 390 532 378C528 340 516 306 504 280C516 330 522 370 522 412ZM552 500C562 462 564 424 564 392C564 360 562 330 554 300C558 380 556 450 552 500Z'
};
const streak: Strand = {
	group: 'fringe',
	hang: FRINGE,
	fill: 'ember',
	opacity: 0.95,
	d: 'M440 158C432 240 392 326 326 390C312 404 298 424 284 446C280 438 278 430 275 420C336 370 396 262 412 152Z'
};
const bangsLines: Strand = {
	group: 'fringe',
	hang: FRINGE,
	stroke: 'line',
	width: 2.3,
	d: 'M446 318C456 270 452 216 444 172M488 330C490 276 476 214 456 172M532 378C532 306 504 226 468 176M272 408C300 380 380 290 412 160M326 390C384 344 432 260 440 168M250 400C252 320 300 230 390 166'
};
const ring: Strand = {
	group: 'fringe',
	fill: 'shine',
	opacity: 0.5,
	d: 'M266 286C286 250 320 232 352 226L340 250L362 228C376 224 388 222 400 222L386 246C348 250 300 262 266 286ZM474 232C504 244 524 264 536 294C520 276 502 266 484 260L484 284L470 256Z'
};
const horn: readonly Strand[] = [
	{
		group: 'crown',
		fill: 'horn',
		stroke: 'hornLine',
		width: 3.8,
		d: 'M478 190C486 140 522 104 534 40C572 92 584 160 548 226C530 238 494 222 478 190Z'
	},
	{
		group: 'crown',
		stroke: 'hornLine',
		width: 2.6,
		d: 'M490 164C514 182 540 188 568 178M506 132C524 146 546 150 570 142M520 102C534 112 548 114 562 108'
	},
	{ group: 'crown', fill: 'white', opacity: 0.28, d: 'M492 186C498 146 526 116 536 68C538 110 530 156 508 202Z' }
];
const crest: Strand = {
	group: 'crown',
	hang: { from: 170, span: -90, gain: 14 },
	fill: 'hair',
	stroke: 'line',
	width: 3.6,
	d: 'M352 172C356 140 372 122 398 108C394 122 396 130 402 138C412 124 428 116 448 114C440 130 440 150 448 172Z'
};
const ornaments: readonly Strand[] = [
	{ group: 'crown', stroke: 'goldLine', width: 12, d: 'M500 268L532 286M492 292L528 312' },
	{ group: 'crown', stroke: 'gold', width: 6.5, d: 'M500 268L532 286M492 292L528 312' }
];
const beautyMark: Strand = { group: 'head', fill: 'lash', d: ellipse(506, 506, 4, 4) };

export const behind = prepare([backHair]);

export const onFace = prepare([bangsShadow, beautyMark]);

export const front = prepare([
	...pair(flick),
	...pair(flickShade),
	...pair(flickLines),
	crest,
	...horn.flatMap(pair),
	bangs,
	bangsDepth,
	streak,
	bangsLines,
	ring,
	...ornaments
]);
