/** A `.vrm` file of the show as a model. Whatever else the file wants to load is refused. */
import { VRMLoaderPlugin, VRMUtils, type VRM } from '@pixiv/three-vrm';
import { LoadingManager, TextureLoader } from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { LookTrouble, reasonOfStatus } from './trouble';

const LIMIT_MS = 60_000;

/** What lies in the file itself. */
const INSIDE = /^(blob|data):/;

/** Where the show keeps the model of that name. */
export const addressOf = (name: string): string => `/stage/models/${encodeURIComponent(name)}.vrm`;

/** Throws a `LookTrouble` for a file that is not there or not a model; other errors come from a broken one. */
export async function loadModel(name: string): Promise<VRM> {
	return readModel(await fetchModel(addressOf(name)));
}

async function fetchModel(address: string): Promise<ArrayBuffer> {
	try {
		const answer = await fetch(address, { signal: AbortSignal.timeout(LIMIT_MS), redirect: 'error' });
		if (!answer.ok) throw new LookTrouble(reasonOfStatus(answer.status), `${address} gave ${answer.status}`);
		return await answer.arrayBuffer();
	} catch (error) {
		if (error instanceof LookTrouble) throw error;
		throw new LookTrouble('slow', `${address} did not come: ${String(error)}`);
	}
}

async function readModel(bytes: ArrayBuffer): Promise<VRM> {
	const refused: string[] = [];
	const manager = new LoadingManager();
	manager.setURLModifier((url) => {
		if (INSIDE.test(url)) return url;
		refused.push(url);
		throw new LookTrouble('broken', 'the model wants to load other files');
	});
	const loader = new GLTFLoader(manager);
	loader.register((parser) => {
		// Pictures as elements: the policy of the page lets nothing be fetched but from the show, not even a blob.
		parser.textureLoader = new TextureLoader(manager);
		return new VRMLoaderPlugin(parser);
	});
	const gltf = await loader.parseAsync(bytes, '');
	const vrm = gltf.userData['vrm'] as VRM | undefined;
	if (refused.length > 0) {
		VRMUtils.deepDispose(gltf.scene);
		throw new LookTrouble('broken', 'the model wants to load other files');
	}
	if (!vrm?.humanoid) throw new LookTrouble('broken', 'there is no humanoid in it');
	VRMUtils.removeUnnecessaryVertices(gltf.scene);
	VRMUtils.combineSkeletons(gltf.scene);
	VRMUtils.rotateVRM0(vrm);
	return vrm;
}
