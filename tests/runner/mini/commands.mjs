// What a step says to its runner: by lines of its output, and by files. The rules are those of actions/runner
// (ActionCommand, ActionCommandManager and FileCommandManager of v2.3xx): blanks in front and case do not matter.

const NAMES = ["add-mask", "add-path", "add-matcher", "remove-matcher", "debug", "warning", "error", "notice", "echo", "endgroup", "group", "internal-set-repo-path", "save-state", "set-env", "set-output", "stop-commands"];
const ESCAPES = [["%0D", "\r"], ["%0A", "\n"]];
const unescape = (text, more) => [...ESCAPES, ...more, ["%25", "%"]].reduce((done, [coded, plain]) => done.replaceAll(coded, plain), text);

// `::name key=value,key=value::text`, or the older `##[name key=value;key=value]text` anywhere in the line.
export function parseCommand(line, names = NAMES) {
  const now = line.match(/^\s*::([^ ]*?)(?: (.*?))?::(.*)$/s);
  if (now && names.includes(now[1].toLowerCase())) return command(now, ",", [[":", "%3A"], [",", "%2C"]], []);
  const old = line.match(/##\[([^ \]]*)(?: ([^\]]*))?\](.*)$/s);
  const more = [[";", "%3B"], ["]", "%5D"]];
  return old && names.includes(old[1].toLowerCase()) ? command(old, ";", more, more) : undefined;
}

function command([, name, properties, text], separator, inProperties, inText) {
  const turned = (pairs) => pairs.map(([plain, coded]) => [coded, plain]);
  const pairs = (properties ?? "").trim().split(separator).map((pair) => pair.split(/=(.*)/s, 2)).filter((pair) => pair[1]);
  return {
    name: name.toLowerCase(),
    properties: Object.fromEntries(pairs.map(([key, value]) => [key.toLowerCase(), unescape(value, turned(inProperties))])),
    text: unescape(text, turned(inText)),
  };
}

// The commands of a step's output in their order, until one stops them and the same word lets them go on.
export function commandsIn(output) {
  const found = [];
  let stopped;
  for (const line of output.split(/\r?\n/)) {
    const said = parseCommand(line, stopped === undefined ? NAMES : [...NAMES, stopped.toLowerCase()]);
    if (stopped !== undefined) {
      if (said?.name === stopped.toLowerCase()) stopped = undefined;
    } else if (said?.name === "stop-commands") {
      stopped = said.text;
    } else if (said) {
      found.push(said);
    }
  }
  return found;
}

// GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STATE: NAME=VALUE, or NAME<<WORD and lines up to WORD. Throws as the runner does.
export function parseFile(content) {
  const values = {};
  const lines = content.split("\n");
  while (lines.length) {
    const line = lines.shift();
    if (line === "") continue;
    const [equals, heredoc] = [line.indexOf("="), line.indexOf("<<")];
    if (equals > 0 && (heredoc < 0 || equals < heredoc)) {
      values[line.slice(0, equals)] = line.slice(equals + 1);
    } else if (heredoc > 0 && line.length > heredoc + 2 && (equals < 0 || heredoc < equals)) {
      values[line.slice(0, heredoc)] = takeUntil(lines, line.slice(heredoc + 2));
    } else {
      throw new Error(`Invalid format '${line}'`);
    }
  }
  return values;
}

function takeUntil(lines, word) {
  const end = lines.indexOf(word);
  if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${word}'`);
  return lines.splice(0, end + 1).slice(0, -1).join("\n");
}
