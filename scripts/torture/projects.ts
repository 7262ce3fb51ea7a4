import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Account } from "../../test/e2e/support/accounts.js";
import { writeFiles, type Files } from "../../test/e2e/support/temporary.js";

/** Something to build, whose image and files are the same each time. */
export interface Project {
  readonly name: string;
  /** Its context. */
  readonly context: string;
}

const fill = "i=0; while [ $i -lt 150 ]; do echo $V $i >$D/$i; i=$((i+1)); done";

const running = `
ARG V
RUN D=/out; mkdir $D; ${fill}
RUN rm /out/7 && mkdir /out/sub && cat /out/[0-9]* | sort >/out/sub/all && ln /out/sub/all /out/link
FROM base
RUN --mount=type=cache,target=/c,id=locked,sharing=locked echo more >>/c/f; echo done >/locked
RUN --mount=type=cache,target=/c,id=private,sharing=private D=/c; V=1; ${fill}; echo done >/private
COPY --from=work --chown=7:8 /out /out/`;

const copying = `
COPY big /big
COPY --chmod=0750 many /many/
WORKDIR /made/here
RUN --mount=type=bind,source=many,target=/m cat /m/* >all; sleep 0.1
FROM base
ADD packed.tar /packed/
COPY --link --from=work /made /made
COPY --from=work /big /many/3 /from/
RUN --mount=type=cache,target=/c,id=shared echo $$ >/c/$$; cat /packed/many/* | sort >/sorted`;

/** Writes the projects below `directory`. */
export function writeProjects(
  directory: string,
  { base, account }: { readonly base: string; readonly account: Account },
): readonly Project[] {
  const texts = { running, copying };
  return [1, 2, 3].flatMap((variant) =>
    Object.entries(texts).map(([kind, text]) => {
      const name = `${kind}-${variant}`;
      const context = join(directory, name);
      const Dockerfile = `ARG V=${variant}\nFROM ${base} AS base\nFROM base AS work${text}\n`;
      writeFiles(context, { Dockerfile, ...filesOf(variant) }, account);
      const tar = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-cf", "packed.tar"];
      execFileSync("tar", [...tar, "many"], { cwd: context });
      return { name, context };
    }),
  );
}

function filesOf(variant: number): Files {
  const big = Buffer.alloc(4 << 20, `bytes of ${variant}, `);
  const names = Array.from({ length: 150 }, (_, i) => `many/${i}`);
  const many = Object.fromEntries(names.map((name) => [name, `${name} of ${variant}\n`]));
  return { ...many, big };
}
