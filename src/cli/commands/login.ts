import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { BuildError } from "../../error.js";
import { CredentialStore, dockerCredentials } from "../../registry/credentials.js";
import type { Credentials, LoginCredentials } from "../../registry/docker-config.js";
import { NewFile } from "../../store/new-file.js";
import { makeDirectories } from "../../sys/make-directories.js";
import { ask } from "../ask.js";
import type { LoginCommand, LogoutCommand } from "../registry-commands.js";
import { dockerConfigPath } from "../docker-config-path.js";
import type { Io } from "../io.js";
import { openRegistry } from "../session.js";

/** `tsbuild login`: asks the registry whether it takes a login, and keeps it as Docker does. */
export async function runLogin(command: LoginCommand, io: Io): Promise<number> {
  if (!(await tryKept(command, io))) {
    const given = await loginOf(command, io);
    const token = await check(command, given, io);
    const { username } = given;
    await keep(
      command.registry,
      token === undefined ? given : { kind: "identity-token", token, username },
      io,
    );
  }
  io.out.write("Login Succeeded\n");
  return 0;
}

/** `tsbuild logout`: drops what is kept of a login. */
export async function runLogout({ registry }: LogoutCommand, io: Io): Promise<number> {
  const known = await (await openStore(io)).forget(registry, io.signal);
  io.out.write(
    known ? `Removing login credentials for ${registry}\n` : `Not logged in to ${registry}\n`,
  );
  return 0;
}

/** Without any flag, what is kept may do: true when the registry still takes it. */
async function tryKept(command: LoginCommand, io: Io): Promise<boolean> {
  if (command.username !== undefined || command.password !== undefined) return false;
  const find = dockerCredentials(dockerConfigPath(io.env));
  const kept = await find(command.registry, io.signal);
  if (kept === undefined) return false;
  try {
    await check(command, kept, io);
    return true;
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== "AUTH" || !io.terminal.in) throw error;
    io.err.write(`The login that is kept for ${command.registry} is no longer taken\n`);
    return false;
  }
}

async function check(
  { registry }: LoginCommand,
  login: Credentials,
  { env, signal }: Io,
): Promise<string | undefined> {
  await using client = await openRegistry(env, [], login);
  return await client.logIn(registry, signal);
}

type PasswordLogin = Credentials & { readonly kind: "password" };

async function loginOf(command: LoginCommand, io: Io): Promise<PasswordLogin> {
  const { passwordStdin, registry } = command;
  const hasPassword = passwordStdin || command.password !== undefined;
  if ((command.username === undefined || !hasPassword) && !io.terminal.in) {
    const message = "Cannot log in: nobody can be asked, standard input is not a terminal";
    throw new BuildError("USAGE", message, { hint: "give --username and --password-stdin" });
  }
  const username = command.username ?? (await ask(`Username for ${registry}: `, io));
  const password = passwordStdin
    ? await readPassword(io)
    : (command.password ?? (await ask("Password: ", io, { secret: true })));
  if (username === "" || password === "") {
    throw new BuildError(
      "USAGE",
      `Cannot log in: the ${username === "" ? "name" : "password"} is empty`,
    );
  }
  return { kind: "password", username, password };
}

/** All of standard input but the end of its line. */
async function readPassword({ in: input }: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

async function keep(registry: string, login: LoginCredentials, io: Io): Promise<void> {
  const place = await (await openStore(io)).keep(registry, login, io.signal);
  if (place === "helper") return;
  io.err.write(
    `WARNING: the login is kept unencrypted in "${dockerConfigPath(io.env)}"\n` +
      "hint: a credential helper, named there as credsStore, keeps it safer\n",
  );
}

async function openStore({ env }: Io): Promise<CredentialStore> {
  const path = dockerConfigPath(env);
  const target = await realpath(path).catch(() => path); // may be a link into somebody's dotfiles
  return new CredentialStore(path, async (text) => {
    await makeDirectories(dirname(target), 0o700);
    await using file = await NewFile.create(`${target}.${process.pid}.new`);
    await file.write(Buffer.from(text));
    await file.publish(target);
  });
}
