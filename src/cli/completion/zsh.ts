import {
  listImages,
  nestedOf,
  shells,
  topLevel,
  valuesOf,
  type CompletedCommand,
} from "./commands.js";

/** The script for zsh. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const names = commands
    .filter(({ words }) => !words.includes(" "))
    .map(({ words, summary }) => `    ${quoted(summary === "" ? words : `${words}:${summary}`)}`);
  const inner = [...nestedOf(commands)].map(
    ([name, words]) =>
      `  if [[ $words[2] == ${name} ]] && ((CURRENT == 3)); then compadd -- ${words.join(" ")}; fi`,
  );
  return `#compdef tsbuild
# zsh completion for tsbuild. To have it now: source <(tsbuild completion zsh)
_tsbuild_images() {
  local -a names=(\${(f)"$(tsbuild ${listImages} 2>/dev/null)"})
  compadd -- $names
}
_tsbuild() {
  local -a commands=(
${names.join("\n")}
  )
  if ((CURRENT == 2)) && [[ $words[CURRENT] != -* ]]; then
    _describe command commands
    _files -/
    return
  fi
${inner.join("\n")}
  local command=build
  if ((\${+_tsbuild_known["$words[2] $words[3]"]})); then
    command="$words[2] $words[3]"
  elif ((\${+_tsbuild_known[$words[2]]})); then
    command=$words[2]
  fi
  [[ $words[2] == -* ]] || { shift words; ((CURRENT--)); }
  case $command in
${commands.map((command) => described(command, commands)).join("\n")}
  esac
}
typeset -gA _tsbuild_known=(${commands.map(({ words }) => `${quoted(words)} 1`).join(" ")})
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _tsbuild "$@"; else compdef _tsbuild tsbuild; fi
`;
}

function described(
  { words, flags, operands }: CompletedCommand,
  commands: readonly CompletedCommand[],
): string {
  const specs = flags.flatMap(({ names, description, hasValue }) => {
    const text = description.replace(/[[\]\\:]/g, "\\$&");
    return names.map((name) => {
      const values = valuesOf.get(names[0] ?? "");
      const value = hasValue ? `:value:${values === undefined ? "_files" : `(${values})`}` : "";
      return quoted(`*${name}[${text}]${value}`);
    });
  });
  const action = {
    commands: `(${topLevel(commands).join(" ")})`,
    files: "_files",
    images: "_tsbuild_images",
    none: "",
    shells: `(${shells.join(" ")})`,
  }[operands];
  const rest = action === "" ? [] : [quoted(`*:operand:${action}`)];
  return `  ${quoted(words)}) _arguments -s ${[...specs, ...rest].join(" ")} ;;`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
