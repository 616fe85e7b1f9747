/** All looks by name. */
import type { Look } from '../types';
import { ember } from './ember';
import { spark } from './spark';

const BY_NAME: Readonly<Record<string, Look>> = { spark, ember };

export const LOOKS: readonly string[] = Object.keys(BY_NAME);

/** The look of that name; names it does not know are `spark`. */
export const lookOf = (name: string): Look => (Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined) ?? spark;
