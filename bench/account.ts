import { chmodSync } from "node:fs";
import { runCommand, type Command } from "./command.js";

/** The same command as an ordinary user, at home in `home`. */
export function asAccount(account: string | undefined, home: string, command: Command): Command {
  if (account === undefined) return command;
  const become = ["setpriv", "--reuid", account, "--regid", account, "--init-groups"];
  return {
    argv: [...become, ...command.argv],
    env: { ...command.env, HOME: home, XDG_RUNTIME_DIR: home },
  };
}

/** Gives a directory to that user, and lets it in. */
export async function giveTo(account: string | undefined, directory: string): Promise<void> {
  if (account === undefined) return;
  await runCommand({ argv: ["chown", account, directory] });
  chmodSync(directory, 0o755);
}
