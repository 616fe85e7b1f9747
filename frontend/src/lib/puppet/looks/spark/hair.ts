/** Spark's hair with bows, clips and the lightning bolt, from back to front. */
import { pair, prepare } from '../../draw/strands';
import { shift, sparkle } from '../../draw/path';
import type { Strand } from '../../types';

const TAIL = { from: 270, span: 640, gain: 50 };
const LOCK = { from: 360, span: 370, gain: 24 };
const FRINGE = { from: 240, span: 260, gain: 9 };
const COWLICK = { from: 160, span: -130, gain: 26 };
const BACK = { from: 420, span: 420, gain: 20 };

const tailInner: Strand = {
	group: 'tails',
	hang: TAIL,
	fill: 'inner',
	stroke: 'line',
	width: 3.4,
	d: 'M566 300C610 360 604 440 590 520C572 600 566 680 584 742C592 790 588 826 566 858C560 812 548 786 536 764C528 690 540 600 556 520C566 450 566 370 552 310Z'
};
const tail: Strand = {
	group: 'tails',
	hang: TAIL,
	fill: 'hair',
	stroke: 'line',
	width: 4,
	d: 'M546 258C596 204 692 236 726 338C754 428 712 518 722 606C730 690 780 730 756 846C744 808 730 790 712 776C722 832 704 880 664 918C672 860 654 826 640 800C634 836 620 858 598 874C612 800 584 716 600 614C612 530 636 452 600 380C586 346 566 318 546 302Z'
};
const tailShade: Strand = {
	group: 'tails',
	hang: TAIL,
	fill: 'hairShade',
	opacity: 0.5,
	d: 'M560 300C640 330 650 430 628 520C606 610 612 700 640 800C634 836 620 858 598 874C612 800 584 716 600 614C612 530 636 452 600 380C590 350 574 324 560 310Z'
};
const tailLines: Strand = {
	group: 'tails',
	hang: TAIL,
	stroke: 'line',
	width: 2.4,
	d: 'M590 262C664 296 692 390 666 500C650 580 664 680 700 760M584 290C650 350 656 440 636 540C624 620 632 720 640 800M640 262C690 310 700 380 694 430'
};
const tailShine: Strand = {
	group: 'tails',
	hang: TAIL,
	fill: 'shine',
	opacity: 0.55,
	d: 'M636 300C672 318 696 352 704 398C694 384 688 378 680 374C684 386 684 394 684 404C672 372 656 346 624 326C632 322 634 316 636 300Z'
};

const backHair: Strand = {
	group: 'back',
	hang: BACK,
	fill: 'hairBack',
	stroke: 'line',
	width: 3.6,
	d: 'M400 190C296 190 244 262 236 360C214 480 236 600 214 724C236 746 258 738 270 760C300 744 330 772 366 758C380 772 420 772 434 758C470 772 500 744 530 760C542 738 564 746 586 724C564 600 586 480 564 360C556 262 504 190 400 190Z'
};

const TOP = 'M400 148C296 148 224 226 238 402';
const BANGS =
	TOP +
	'C240 446 244 490 254 524C258 478 264 440 276 396C278 408 282 418 288 428C306 410 322 388 332 352C336 374 344 394 354 410C380 392 396 364 402 330C410 364 426 392 458 414C464 394 466 372 464 348C474 374 490 394 510 412C516 402 520 390 522 378C538 436 542 480 546 524C556 490 560 446 562 402C576 226 504 148 400 148Z';

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
	opacity: 0.45,
	d: 'M254 524C258 478 264 440 276 396C272 370 272 350 276 322C254 390 246 460 254 524ZM288 428C306 410 322 388 332 352C330 330 330 316 334 296C322 350 306 396 288 428ZM354 410C380 392 396 364 402 330C402 310 400 296 400 276C392 330 376 380 354 410ZM458 414C464 394 466 372 464 348C462 326 456 306 450 286C456 340 460 380 458 414ZM510 412C516 402 520 390 522 378C516 340 504 306 490 278C502 330 510 370 510 412ZM546 524C556 490 560 446 562 402C562 370 560 340 552 306C552 400 548 470 546 524Z'
};
const bangsLines: Strand = {
	group: 'fringe',
	hang: FRINGE,
	stroke: 'line',
	width: 2.3,
	d: 'M402 330C400 280 398 226 392 180M332 352C336 300 352 234 384 184M464 348C460 296 442 232 404 182M276 396C284 318 318 248 366 196M522 378C514 318 480 240 424 190'
};
const ring: Strand = {
	group: 'fringe',
	fill: 'shine',
	opacity: 0.6,
	d: 'M268 296C284 262 316 244 350 238L343 262L362 240C386 234 414 234 438 240L452 266L460 244C492 254 518 272 532 298C512 284 492 276 474 272L464 300L452 268C418 258 386 258 360 264L346 294L340 268C312 272 288 282 268 296Z'
};
const sideLock: Strand = {
	group: 'locks',
	hang: LOCK,
	fill: 'hair',
	stroke: 'line',
	width: 3.4,
	d: shift(
		'M524 350C552 430 566 520 556 600C550 650 566 690 548 744C536 716 530 700 524 690C524 700 522 708 516 718C508 660 506 640 512 600C518 530 524 470 512 392Z',
		13,
		0
	)
};
const sideLockLine: Strand = {
	group: 'locks',
	hang: LOCK,
	stroke: 'line',
	width: 2.2,
	d: shift('M536 440C546 520 542 570 536 620C532 650 536 672 542 694', 13, 0)
};
const sideShade: Strand = {
	group: 'locks',
	hang: LOCK,
	fill: 'hairShade',
	opacity: 0.5,
	d: shift(
		'M514 400C526 470 524 540 520 600C516 640 518 670 524 690C524 700 522 708 516 718C508 660 506 640 512 600C518 530 524 470 512 392Z',
		13,
		0
	)
};
const cowlick: Strand = {
	group: 'crown',
	hang: COWLICK,
	fill: 'hair',
	stroke: 'line',
	width: 3.6,
	d: 'M388 156C372 124 378 96 404 76L424 100C428 74 448 48 484 36C464 60 458 84 462 116L434 102C414 116 408 134 414 156Z'
};

const tieStar = sparkle(563, 278, 37);
const tie: readonly Strand[] = [
	{
		group: 'crown',
		fill: 'ribbon',
		stroke: 'ribbonLine',
		width: 3.2,
		d: 'M566 276C582 212 622 200 634 222C646 254 612 286 572 286ZM560 272C538 214 512 214 508 234C504 264 530 286 558 284Z'
	},
	{
		group: 'crown',
		hang: { from: 280, span: 110, gain: 8 },
		fill: 'ribbonDark',
		stroke: 'ribbonLine',
		width: 3,
		d: 'M566 286C596 308 610 344 606 386L586 366L570 384C572 344 562 314 556 290Z'
	},
	{
		group: 'crown',
		stroke: 'ribbonLine',
		width: 2.2,
		d: 'M582 270C594 258 606 246 618 238M546 272C538 260 530 250 522 242'
	},
	{ group: 'crown', fill: 'gold', stroke: 'goldLine', width: 3.2, d: tieStar }
];
const clips: readonly Strand[] = [
	{
		group: 'crown',
		fill: 'gold',
		stroke: 'goldLine',
		width: 3,
		d: 'M506 268L478 312L498 314L484 352L526 302L504 300L522 270Z'
	},
	{ group: 'crown', fill: 'white', opacity: 0.7, d: 'M506 274L490 302L498 303L512 276Z' },
	{ group: 'crown', stroke: 'goldLine', width: 11, d: 'M302 318L330 300M306 298L326 320' },
	{ group: 'crown', stroke: 'cyan', width: 6, d: 'M302 318L330 300M306 298L326 320' }
];

export const behind = prepare([
	...pair(tailInner),
	...pair(tail),
	...pair(tailShade),
	...pair(tailShine),
	...pair(tailLines),
	backHair
]);

export const onFace = prepare([bangsShadow]);

export const front = prepare([
	...pair(sideLock),
	...pair(sideShade),
	...pair(sideLockLine),
	cowlick,
	bangs,
	bangsDepth,
	bangsLines,
	ring,
	...tie.flatMap(pair),
	...clips
]);
