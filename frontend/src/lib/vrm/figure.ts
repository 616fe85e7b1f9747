/** A loaded model on its ground: moves its bones, its face and its eyes, and draws it. */
import { VRMUtils, type VRM } from '@pixiv/three-vrm';
import { AmbientLight, Box3, DirectionalLight, Object3D, PerspectiveCamera, Scene, Vector3 } from 'three';
import type { Params } from '../puppet/types';
import type { Ground } from './canvas';
import type { Face } from './face';
import { framing, type Measures } from './framing';
import { BONES, mirrored, poseOf } from './pose';
import { FEELINGS, VOWELS, type Feeling } from './weights';

/** How models of VRM 0.x call what has no preset there. */
const OTHER_NAMES: Readonly<Partial<Record<Feeling, readonly string[]>>> = { surprised: ['Surprised', 'SURPRISED'] };

/** How far the eyes turn: sideways and up or down, in metres at one metre before the face. */
const GLANCE_X = 0.55;
const GLANCE_Y = 0.35;

export class Figure {
	readonly #scene = new Scene();
	readonly #camera = new PerspectiveCamera();
	readonly #eyes = new Object3D();
	readonly #measures: Measures;
	readonly #head = new Vector3();
	readonly #names: Readonly<Record<Feeling, string | null>>;
	readonly #isOld: boolean;

	constructor(
		private readonly vrm: VRM,
		private readonly ground: Ground
	) {
		this.#isOld = vrm.meta.metaVersion === '0';
		const key = new DirectionalLight(0xffffff, 2.5);
		key.position.set(0.6, 1.2, 2);
		this.#scene.add(vrm.scene, key, new AmbientLight(0xffffff, 0.6), this.#eyes);
		// A box of a moving body is not worth keeping right: it is always in sight.
		vrm.scene.traverse((part) => (part.frustumCulled = false));
		this.#measures = this.#measure();
		if (vrm.lookAt) vrm.lookAt.target = this.#eyes;
		this.#names = Object.fromEntries(FEELINGS.map((one) => [one, this.#nameOf(one)])) as Record<Feeling, string | null>;
	}

	/** Fits the picture to the size of the element it is in. */
	resize(width: number, height: number): void {
		if (width < 1 || height < 1) return;
		this.ground.renderer.setSize(width, height, false);
		const { y, distance, fov } = framing(this.#measures, width / height);
		this.#camera.fov = fov;
		this.#camera.aspect = width / height;
		this.#camera.near = distance / 20;
		this.#camera.far = distance * 4;
		this.#camera.position.set(this.#head.x, y, this.#head.z + distance);
		this.#camera.lookAt(this.#head.x, y, this.#head.z);
		this.#camera.updateProjectionMatrix();
	}

	draw(params: Params, face: Face, dt: number): void {
		this.#stand(params);
		this.#feel(params, face);
		this.#look(params);
		this.vrm.update(dt);
		this.ground.renderer.render(this.#scene, this.#camera);
	}

	dispose(): void {
		this.#scene.remove(this.vrm.scene);
		VRMUtils.deepDispose(this.vrm.scene);
	}

	#stand(params: Params): void {
		const { humanoid } = this.vrm;
		const pose = poseOf(params, humanoid.getNormalizedBoneNode('neck') !== null);
		for (const bone of BONES) {
			const turn = this.#isOld ? mirrored(pose[bone]) : pose[bone];
			humanoid.getNormalizedBoneNode(bone)?.rotation.set(...turn);
		}
	}

	#feel(params: Params, face: Face): void {
		const expressions = this.vrm.expressionManager;
		if (!expressions) return;
		for (const vowel of VOWELS) expressions.setValue(vowel, face.vowels[vowel]);
		for (const feeling of FEELINGS) {
			const name = this.#names[feeling];
			if (name !== null) expressions.setValue(name, face.feelings[feeling]);
		}
		expressions.setValue('blink', params.blink);
	}

	#look({ gazeX, gazeY, mood }: Params): void {
		const { x, y, z } = this.#head;
		this.#eyes.position.set(x + (gazeX + mood.gazeX) * GLANCE_X, y - (gazeY + mood.gazeY) * GLANCE_Y, z + 1);
	}

	#nameOf(feeling: Feeling): string | null {
		const names = [feeling, ...(OTHER_NAMES[feeling] ?? [])];
		return names.find((name) => this.vrm.expressionManager?.getExpression(name)) ?? null;
	}

	#measure(): Measures {
		const { scene, humanoid } = this.vrm;
		scene.updateMatrixWorld(true);
		const heightOf = (bone: 'hips' | 'head', at: Vector3): number =>
			(humanoid.getRawBoneNode(bone)?.getWorldPosition(at) ?? at).y;
		const hips = heightOf('hips', new Vector3());
		const head = heightOf('head', this.#head);
		const top = new Box3().setFromObject(scene).max.y;
		return { hips, head, top: Number.isFinite(top) ? top : head };
	}
}
