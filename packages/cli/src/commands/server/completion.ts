/** Shell completion: the scripts of all shells call `lazaret __complete`. */
import type { Invocation } from '../../command/command.ts';
import { completeWords } from '../../command/complete-words.ts';
import { usageFailure } from '../../failure.ts';
import { writeOut } from '../../render/print.ts';

const bash = `# bash completion for lazaret: source <(lazaret completion bash)
_lazaret() {
  local line kind= current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :file) kind=-f ;;
      :directory) kind=-d ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ -n "$kind" ]; then
    compopt -o filenames
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$kind" -- "$current")
  fi
}
complete -F _lazaret lazaret
`;

const zsh = `#compdef lazaret
# zsh completion for lazaret: put it into a directory of $fpath, or source it
_lazaret() {
  local line kind=
  local -a candidates
  while IFS= read -r line; do
    case "$line" in
      :file) kind=files ;;
      :directory) kind=directories ;;
      *$'\\t'*) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) candidates+=("\${line//:/\\\\:}") ;;
    esac
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe -t candidates lazaret candidates
  [[ $kind == files ]] && _files
  [[ $kind == directories ]] && _files -/
}
# found in $fpath this file is the body of the function, otherwise it was sourced
if [[ \${funcstack[1]} == _lazaret ]]; then _lazaret "$@"; else compdef _lazaret lazaret; fi
`;

const fish = `# fish completion for lazaret
function __lazaret_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :file
                __fish_complete_path $current
            case :directory
                __fish_complete_directories $current
            case '*'
                echo $line
        end
    end
end
complete -c lazaret -f -a '(__lazaret_complete)'
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

export async function runScript(invocation: Invocation): Promise<void> {
  const shell = invocation.arguments[0] ?? '';
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined) {
    const names = Object.keys(scripts).join(', ');
    throw usageFailure(`expected one of ${names}, received ${JSON.stringify(shell)}`);
  }
  await writeOut(invocation, script);
}

/** One candidate per line, its description after a tab; `:file` asks the shell for file names. */
export async function runComplete(invocation: Invocation): Promise<void> {
  const lines = await completeWords(invocation, invocation.arguments);
  await writeOut(invocation, lines.map((line) => `${line}\n`).join(''));
}
