// The first lines of each stand-in: address and token of the storage come from service.json beside it
// and not from act's --env, so that no `run:` step ever sees ACTIONS_*, as on GitHub.
// "patience" shortens the clients' waits between tries, for a store that is down costs 30 s for each step.
import fs from "node:fs";

const service = JSON.parse(fs.readFileSync(new URL("./service.json", import.meta.url), "utf8"));
Object.assign(process.env, service.variables);
const wait = globalThis.setTimeout;
globalThis.setTimeout = (then, ms, ...rest) => wait(then, ms >= 1000 && ms < 60_000 ? ms * service.patience : ms, ...rest);
await import("./index.mjs");
