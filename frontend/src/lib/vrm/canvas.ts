/** The canvas of a model, and what draws on it. */
import { SRGBColorSpace, WebGLRenderer } from 'three';
import { LookTrouble } from './trouble';

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export interface Ground {
	readonly renderer: WebGLRenderer;
	/** The processor draws: fewer frames, fewer pixels. */
	readonly isSoftware: boolean;
}

/** A transparent ground that is not in the document yet. Throws a `LookTrouble` where the browser has no WebGL. */
export function openGround(page: Document, label: string): Ground {
	const canvas = page.createElement('canvas');
	canvas.setAttribute('role', 'img');
	canvas.setAttribute('aria-label', label);
	canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;display:block';
	const context = canvas.getContext('webgl2', { alpha: true, antialias: true, depth: true, premultipliedAlpha: true });
	if (!context) throw new LookTrouble('no_webgl', 'this browser has no WebGL 2');
	const names = context.getExtension('WEBGL_debug_renderer_info');
	const drawn = names ? String(context.getParameter(names.UNMASKED_RENDERER_WEBGL)) : '';
	const isSoftware = SOFTWARE.test(drawn);
	const renderer = new WebGLRenderer({ canvas, context, alpha: true });
	renderer.outputColorSpace = SRGBColorSpace;
	renderer.setClearAlpha(0);
	renderer.setPixelRatio(isSoftware ? 1 : Math.min(2, devicePixelRatio));
	return { renderer, isSoftware };
}

/** Gives everything back, the context too: a browser has only a few of them. */
export function closeGround({ renderer }: Ground): void {
	renderer.dispose();
	renderer.forceContextLoss();
	renderer.domElement.remove();
}
