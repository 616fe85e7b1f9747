/** The pose of a character at rest, from which every other is made. */
import { moodOf } from './moods';
import type { Params } from './types';
import { mouthOf } from './visemes';

export const REST: Params = {
	yaw: 0,
	pitch: 0,
	roll: 0,
	lean: 0,
	breath: 0,
	blink: 0,
	gazeX: 0,
	gazeY: 0,
	sway: 0,
	whip: 0,
	mouth: mouthOf('sil'),
	speech: 0,
	mood: moodOf('neutral')
};
