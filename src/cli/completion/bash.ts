import {
  listImages,
  nestedOf,
  shells,
  topLevel,
  valuesOf,
  type CompletedCommand,
} from "./commands.js";

/**
 * The script for bash. It reads the line itself: bash's own words end at each ":" and "=", and names of
 * images have both.
 */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = topLevel(commands).join(" ");
  const inner = [...nestedOf(commands)].map(
    ([name, words]) => `    [[ \${words[*]:1} != ${name} ]] || reply+=' ${words.join(" ")}'`,
  );
  const values = [...valuesOf].map(([flag, words]) => `    ${flag}) reply='${words}' ;;`);
  return `# bash completion for tsbuild. To have it now: source <(tsbuild completion bash)
_tsbuild_flags() {
  case $1 in
${cases(commands, ({ flags }) => flags.flatMap(({ names }) => names))}
  esac
}
_tsbuild_values() {
  case $1 in
${cases(commands, ({ flags }) => flags.flatMap(({ names, hasValue }) => (hasValue ? names : [])))}
  esac
}
_tsbuild_operands() {
  case $1 in
${cases(commands, ({ operands }) => [operands])}
  esac
}
_tsbuild() {
  local line=\${COMP_LINE:0:COMP_POINT} cur='' command=build words=() operands values reply=''
  read -ra words <<<"$line"
  if [[ $line != *[[:space:]] ]]; then
    cur=\${words[-1]}
    unset 'words[-1]'
  fi
  local prev=\${words[-1]}
  if [[ -n $(_tsbuild_operands "\${words[1]} \${words[2]}") ]]; then
    command="\${words[1]} \${words[2]}"
  elif [[ -n $(_tsbuild_operands "\${words[1]}") ]]; then
    command=\${words[1]}
  fi
  values=" $(_tsbuild_values "$command") "
  COMPREPLY=()
  if [[ $prev == -* && $values == *" $prev "* ]]; then
    case $prev in
${values.join("\n")}
    *) return ;; # a file, as bash completes them
    esac
  elif [[ $cur == -* ]]; then
    reply=$(_tsbuild_flags "$command")
  else
    operands=$(_tsbuild_operands "$command")
    case $operands in
    commands) reply='${names}' ;;
    images) reply=$("\${words[0]}" ${listImages} 2>/dev/null) ;;
    shells) reply='${shells.join(" ")}' ;;
    esac
    if ((\${#words[@]} == 1)); then
      reply='${names}'
    fi
${inner.join("\n")}
  fi
  mapfile -t COMPREPLY < <(compgen -W "$reply" -- "$cur")
  local done=\${cur%"\${cur##*[:=]}"} i # bash replaces only what is behind these
  for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=\${COMPREPLY[i]#"$done"}; done
}
complete -o default -F _tsbuild tsbuild
`;
}

function cases(
  commands: readonly CompletedCommand[],
  wordsOf: (command: CompletedCommand) => readonly string[],
): string {
  const lines = commands.map((command) => {
    const words = wordsOf(command).join(" ");
    return `  '${command.words}') echo '${words}' ;;`;
  });
  return lines.join("\n");
}
