import { BuildError, locate } from "../error.js";
import type { Healthcheck as HealthcheckConfig } from "../oci/image.js";
import type {
  Command,
  Healthcheck,
  Onbuild,
  Shell,
  Stopsignal,
  User,
  Volume,
} from "../parser/instruction.js";
import { addHistory, expandIn, type Draft } from "./draft.js";
import { goDuration, goList, goQuote, goQuotedList, goQuotedRune } from "./go-format.js";
import { checkSignal } from "./signals.js";

/** USER: stored as it is, looked up when a step runs (I06). */
export function applyUser(draft: Draft, { user }: User): void {
  const name = expandIn(draft, user);
  const { User: _, ...config } = draft.config;
  draft.config = name === "" ? config : { ...config, User: name };
  addHistory(draft, `USER ${name}`);
}

/** STOPSIGNAL (I11). */
export function applyStopsignal(draft: Draft, { signal }: Stopsignal): void {
  const name = expandIn(draft, signal);
  try {
    checkSignal(name);
  } catch (error) {
    throw locate(error, signal.at);
  }
  draft.config = { ...draft.config, StopSignal: name };
  addHistory(draft, `STOPSIGNAL ${name}`);
}

/** VOLUME (I05). */
export function applyVolume(draft: Draft, { paths }: Volume): void {
  const volumes = paths.map((word) => {
    const path = expandIn(draft, word).trim();
    if (path !== "") return path;
    throw new BuildError("SYNTAX", `Cannot use volume "${word.text}": it is empty`, {
      at: word.at,
    });
  });
  draft.volumes ??= new Map(Object.entries(draft.config.Volumes ?? {}));
  for (const path of volumes) draft.volumes.set(path, {});
  addHistory(draft, `VOLUME ${goList(volumes)}`);
}

/** SHELL: for shell forms from here on, in images built on this one too (I10). */
export function applyShell(draft: Draft, { argv }: Shell): void {
  draft.config = { ...draft.config, Shell: argv };
  addHistory(draft, `SHELL ${goList(argv)}`);
}

/** ONBUILD: kept for images and stages that start from this one; no line of history (S19). */
export function applyOnbuild(draft: Draft, { text }: Onbuild): void {
  draft.config = { ...draft.config, OnBuild: [...(draft.config.OnBuild ?? []), text] };
}

/** HEALTHCHECK (I12); a duration or count of 0 is inherited and so left out. */
export function applyHealthcheck(draft: Draft, check: Healthcheck): void {
  const { interval, timeout, startPeriod, startInterval, retries } = check;
  const Test = healthTest(check.test);
  const config: HealthcheckConfig = {
    Test,
    ...(interval === 0 ? {} : { Interval: interval }),
    ...(timeout === 0 ? {} : { Timeout: timeout }),
    ...(startPeriod === 0 ? {} : { StartPeriod: startPeriod }),
    ...(startInterval === 0 ? {} : { StartInterval: startInterval }),
    ...(retries === 0 ? {} : { Retries: retries }),
  };
  draft.config = { ...draft.config, Healthcheck: config };
  const times = [interval, timeout, startPeriod, startInterval].map(goDuration);
  const fields = [goQuotedList(Test), ...times.map(goQuote), goQuotedRune(retries)];
  addHistory(draft, `HEALTHCHECK &{${fields.join(" ")}}`); // BuildKit prints the whole with %q
}

function healthTest(test: "none" | Command): readonly string[] {
  if (test === "none") return ["NONE"];
  return test.form === "exec" ? ["CMD", ...test.argv] : ["CMD-SHELL", test.text];
}
