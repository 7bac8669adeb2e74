import * as cache from "@actions/cache";
import * as core from "@actions/core";
import { isOn, lines, placesToCache } from "../../../words.mjs";

const key = core.getInput("key", { required: true });
core.setOutput("cache-primary-key", key);
const found = await cache.restoreCache(placesToCache(), key, lines("restore-keys"), { lookupOnly: isOn("lookup-only") });
if (found) {
  core.setOutput("cache-matched-key", found);
  core.setOutput("cache-hit", String(found === key));
  core.info(`Cache restored from key: ${found}`);
} else if (isOn("fail-on-cache-miss")) {
  core.setFailed(`Failed to restore cache entry. Input key: ${key}`);
} else {
  core.info(`Cache not found for input keys: ${key}`);
}
process.exit();
