// Reads the cards on standard input as other programs do, and writes cards of their own.
import { readFileSync } from 'node:fs';
import { v2 } from 'character-card-utils';
import { CCardLib } from '@risuai/ccardlib';
import extract from 'png-chunks-extract';
import encode from 'png-chunks-encode';
import text from 'png-chunk-text';

const ours = JSON.parse(readFileSync(0, 'utf8'));
const chunks = extract(Buffer.from(ours.png, 'base64'));
const told = {};
for (const chunk of chunks.filter((one) => one.name === 'tEXt')) {
	const { keyword, text: packed } = text.decode(chunk.data);
	told[keyword] = JSON.parse(Buffer.from(packed, 'base64').toString('utf8'));
}

const newer = CCardLib.character.convert(structuredClone(ours.v2), { to: 'v3' });
const bare = chunks.filter((one) => one.name !== 'tEXt');
bare.splice(-1, 0, text.encode('ccv3', Buffer.from(JSON.stringify(newer)).toString('base64')));

process.stdout.write(
	JSON.stringify({
		schema: v2.safeParse(ours.v2).success,
		parsed: v2.parse(ours.v2),
		kinds: [CCardLib.character.check(ours.v2), CCardLib.character.check(ours.v3)],
		newer,
		older: CCardLib.character.convert(structuredClone(ours.v3), { to: 'v2' }),
		told,
		png: Buffer.from(encode(bare)).toString('base64')
	}) + '\n'
);
