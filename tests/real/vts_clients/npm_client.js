// Drives a VTube Studio with the npm package `vtubestudio` and prints what it saw as one line of JSON.
import { ApiClient } from 'vtubestudio';
import { WebSocket } from 'ws';

const port = Number(process.argv[2]);
let token = null;
const client = new ApiClient({
	url: `ws://127.0.0.1:${port}`,
	webSocketFactory: (url) => new WebSocket(url),
	pluginName: 'Foreign npm client',
	pluginDeveloper: 'Somebody else',
	authTokenGetter: () => token,
	authTokenSetter: async (given) => void (token = given)
});

/** The error id of a call that must fail. */
async function refused(call) {
	try {
		await call;
	} catch (error) {
		return error.data?.errorID ?? String(error);
	}
	return 'was not refused';
}

await new Promise((resolve) => client.on('connect', resolve));
const seen = { hasToken: typeof token === 'string' && token.length === 64 };
seen.state = await client.apiState();
seen.statistics = await client.statistics();
seen.model = await client.currentModel();
seen.models = await client.availableModels();
seen.inputs = await client.inputParameterList();
seen.hotkeys = await client.hotkeysInCurrentModel({});
seen.expressions = await client.expressionState({ details: true });
seen.live2d = await client.live2DParameterList();

const triggered = new Promise((resolve) => void client.events.hotkeyTriggered.subscribe(resolve, {}));
const test = new Promise((resolve) => void client.events.test.subscribe(resolve, { testMessageForEvent: 'are you there' }));
seen.hotkey = await client.hotkeyTrigger({ hotkeyID: 'shocked' });
seen.triggered = await triggered;
seen.isMovedSubscribed = await client.events.modelMoved.subscribe(() => {}, {});

await client.parameterCreation({ parameterName: 'ForeignInput', explanation: '', min: -5, max: 5, defaultValue: 1 });
await client.injectParameterData({
	faceFound: true,
	parameterValues: [
		{ id: 'MouthOpen', value: 0.5 },
		{ id: 'ForeignInput', value: -2 }
	]
});
seen.mouth = (await client.parameterValue({ name: 'MouthOpen' })).value;
seen.own = (await client.parameterValue({ name: 'ForeignInput' })).value;
await client.expressionActivation({ expressionFile: 'EyesCry.exp3.json', active: true });
await client.moveModel({ timeInSeconds: 0, valuesAreRelativeToModel: true, positionX: 0.25 });
seen.moved = (await client.currentModel()).modelPosition;
await client.modelLoad({ modelID: seen.models.availableModels[1].modelID });
seen.loaded = (await client.currentModel()).modelName;

seen.errors = {
	hotkey: await refused(client.hotkeyTrigger({ hotkeyID: 'nobody knows it' })),
	inject: await refused(client.injectParameterData({ parameterValues: [{ id: 'Nowhere', value: 1 }] })),
	value: await refused(client.injectParameterData({ parameterValues: [{ id: 'MouthOpen', value: 2e6 }] })),
	name: await refused(
		client.parameterCreation({ parameterName: 'MouthOpen', explanation: '', min: 0, max: 1, defaultValue: 0 })
	),
	expression: await refused(client.expressionActivation({ expressionFile: 'smile', active: true })),
	cooldown: await refused(client.modelLoad({ modelID: seen.models.availableModels[0].modelID })),
	event: await refused(client.events.test.subscribe(() => {}, { testMessageForEvent: 'x'.repeat(33) }))
};
seen.test = await test;
await client.disconnect();
process.stdout.write(`${JSON.stringify(seen)}\n`);
process.exit(0);
