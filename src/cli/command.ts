import type { BuildCommand } from "./build-command.js";
import type { BuildsCommand } from "./builds-command.js";
import type { ImagetoolsCommand } from "./imagetools-command.js";
import type { ManifestCommand } from "./manifest-command.js";
import type { LoginCommand, LogoutCommand, PullCommand, PushCommand } from "./registry-commands.js";
import type { RunCommand } from "./run-command.js";
import type { StoreCommand } from "./store-command.js";

/** The commands that need neither the store nor a namespace. */
export type InfoCommand =
  | { readonly kind: "version" }
  /** `text` goes to standard output as it is. */
  | { readonly kind: "help"; readonly text: string };

/** What the user asked for, checked as far as that goes without files or environment. */
export type Command =
  | BuildCommand
  | BuildsCommand
  | ImagetoolsCommand
  | InfoCommand
  | LoginCommand
  | LogoutCommand
  | ManifestCommand
  | PullCommand
  | PushCommand
  | RunCommand
  | StoreCommand;
