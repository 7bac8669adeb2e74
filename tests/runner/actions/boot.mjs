// The first lines of each stand-in: address and token of the storage come from service.json beside it
// and not from act's --env, so that no `run:` step ever sees ACTIONS_*, as on GitHub. mini/ needs no such trick.
// "patience" shortens the clients' waits: those between tries, for a store that is down costs 30 s for each step, and that
// for an answer, which is three minutes for each try. With 1 they are the true ones.
import fs from "node:fs";
import http from "node:http";

const given = new URL("./service.json", import.meta.url);
const service = fs.existsSync(given) ? JSON.parse(fs.readFileSync(given, "utf8")) : { variables: {}, patience: 1 };
Object.assign(process.env, service.variables);
const wait = globalThis.setTimeout;
globalThis.setTimeout = (then, ms, ...rest) => wait(then, ms >= 1000 && ms < 60_000 ? ms * service.patience : ms, ...rest);
const limit = http.ClientRequest.prototype.setTimeout;
http.ClientRequest.prototype.setTimeout = function (ms, ...rest) {
  return limit.call(this, ms === 180_000 ? ms * service.patience : ms, ...rest);
};
await import("./index.mjs");
