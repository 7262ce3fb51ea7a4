import {
  listImages,
  nestedOf,
  shells,
  topLevel,
  valuesOf,
  type CompletedCommand,
} from "./commands.js";

/** The script for fish. Behind what is no command stand the flags of a build. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const names = topLevel(commands);
  const inner = [...nestedOf(commands)].map(([name, words]) => {
    const isNext = `__tsbuild_is ${name}; and test (count (commandline -opc)) -eq 2`;
    return `complete -c tsbuild -n '${isNext}' -a ${quoted(words.join(" "))}\n`;
  });
  return `# fish completion for tsbuild. To have it now: tsbuild completion fish | source
function __tsbuild_command
    set -l words (commandline -opc)
    set -e words[1]
    contains -- "$words[1] $words[2]" ${nestedWords(commands).map(quoted).join(" ")}
    and echo "$words[1] $words[2]"
    and return
    contains -- "$words[1]" ${names.join(" ")}
    and echo $words[1]
    or echo build
end
function __tsbuild_is
    test (__tsbuild_command) = "$argv"
end
function __tsbuild_images
    tsbuild ${listImages} 2>/dev/null
end
${commands.map(described).join("")}${inner.join("")}complete -c tsbuild -n 'test (count (commandline -opc)) -eq 1' -a ${quoted(names.join(" "))}
complete -c tsbuild -n '__tsbuild_is help' -f -a ${quoted(names.join(" "))}
`;
}

function nestedWords(commands: readonly CompletedCommand[]): readonly string[] {
  return commands.flatMap(({ words }) => (words.includes(" ") ? [words] : []));
}

function described({ words, flags, operands }: CompletedCommand): string {
  const start = `complete -c tsbuild -n '__tsbuild_is ${words}'`;
  const lines = flags.map(({ names: [long = "", short], description, hasValue }) => {
    const values = valuesOf.get(long);
    const parts = [
      ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
      `-l ${long.slice(2)}`,
      ...(hasValue ? ["-r"] : []),
      ...(values === undefined ? [] : [`-f -a ${quoted(values)}`]),
      `-d ${quoted(description)}`,
    ];
    return `${start} ${parts.join(" ")}\n`;
  });
  if (operands === "images") lines.push(`${start} -f -a '(__tsbuild_images)'\n`);
  if (operands === "shells") lines.push(`${start} -f -a ${quoted(shells.join(" "))}\n`);
  return lines.join("");
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
