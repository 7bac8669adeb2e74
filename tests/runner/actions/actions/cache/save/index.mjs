// A cache that cannot be saved is a warning, never red.
import * as cache from "@actions/cache";
import * as core from "@actions/core";
import { placesToCache } from "../../../words.mjs";

const key = core.getInput("key", { required: true });
try {
  const id = await cache.saveCache(placesToCache(), key);
  if (id === -1) core.warning("Cache save failed.");
  else core.info(`Cache saved with key: ${key}`);
} catch (error) {
  core.warning(String(error.message));
  core.warning("Cache save failed.");
}
process.exit();
