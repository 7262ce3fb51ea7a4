import type {
  Command,
  CopySource,
  Dockerfile,
  Flag,
  Heredoc,
  Instruction,
} from "../../src/parser/instruction.js";

/** An instruction as the golden files write it: no spans, nothing that is empty. */
export function compact(instruction: Instruction): object {
  switch (instruction.kind) {
    case "add":
    case "copy":
      return {
        [instruction.kind]: instruction.sources.map(source),
        to: instruction.destination.text,
        ...flags(instruction.flags),
      };
    case "arg":
      return {
        arg: instruction.names.map(({ name, value }) =>
          value === undefined ? name.text : `${name.text}=${value.text}`,
        ),
      };
    case "cmd":
    case "entrypoint":
      return { [instruction.kind]: command(instruction.command) };
    case "env":
    case "label":
      return {
        [instruction.kind]: instruction.pairs.map(({ key, value }) => [key.text, value.text]),
        ...(instruction.legacy && { legacy: true }),
      };
    case "expose":
      return { expose: instruction.ports.map((port) => port.text) };
    case "from":
      return {
        from: instruction.image.text,
        ...(instruction.name && { as: instruction.name.text }),
        ...flags(instruction.platform === undefined ? [] : [instruction.platform]),
      };
    case "healthcheck": {
      const { test, interval, timeout, startPeriod, startInterval, retries } = instruction;
      const numbers = { interval, timeout, startPeriod, startInterval, retries };
      const given = Object.entries(numbers).filter(([, value]) => value !== 0);
      return { healthcheck: test === "none" ? test : command(test), ...Object.fromEntries(given) };
    }
    case "maintainer":
      return { maintainer: instruction.name };
    case "onbuild":
      return { onbuild: instruction.text, trigger: compact(instruction.trigger) };
    case "run":
      return {
        run: command(instruction.command),
        ...(instruction.script && { script: true }),
        ...(instruction.heredocs.length > 0 && { heredocs: instruction.heredocs.map(heredoc) }),
        ...flags(instruction.flags),
      };
    case "shell":
      return { shell: instruction.argv };
    case "stopsignal":
      return { stopsignal: instruction.signal.text };
    case "user":
      return { user: instruction.user.text };
    case "volume":
      return { volume: instruction.paths.map((path) => path.text) };
    case "workdir":
      return { workdir: instruction.path.text };
  }
}

/** Directives that the file itself gives. */
export function compactDirectives({ directives }: Dockerfile): object {
  const given = Object.entries(directives).filter(
    ([, value]) => value !== undefined && value !== "\\",
  );
  return given.length > 0 ? { directives: Object.fromEntries(given) } : {};
}

function command(value: Command): string | readonly string[] {
  return value.form === "exec" ? value.argv : value.text;
}

function flags(given: readonly Flag[]): object {
  const texts = given.map(({ name, value }) =>
    value === undefined ? `--${name}` : `--${name}=${value}`,
  );
  return texts.length > 0 ? { flags: texts } : {};
}

function source(value: CopySource): string | object {
  return "body" in value ? heredoc(value) : value.text;
}

function heredoc({ name, body, expand }: Heredoc): object {
  return { heredoc: name, body, expand };
}
