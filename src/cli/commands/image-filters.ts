import { compileGlob } from "../../context/glob.js";
import { BuildError } from "../../error.js";
import type { ImageConfig } from "../../oci/image.js";
import { familiarReference, parseReference } from "../../oci/reference.js";
import { parseGoBoolean } from "../../go-boolean.js";
import type { ListedImage } from "../../store/images.js";
import type { Store } from "../../store/store.js";
import { badValue } from "../args/usage-error.js";
import type { Filter } from "../args/filter.js";
import type { StoreCommand } from "../store-command.js";
import { createdAt } from "./image-fields.js";

/** An image with what filters look at. */
export interface FilteredImage extends ListedImage {
  readonly config: ImageConfig;
  readonly createdAt: number;
}

type Test = (image: FilteredImage) => boolean;

/** Whether an image is listed: several filters of one key take what any of them takes, but labels all. */
export async function imageTest(
  { name, filters }: Pick<Extract<StoreCommand, { kind: "images" }>, "filters" | "name">,
  store: Store,
): Promise<Test> {
  const tests: Test[] = name === undefined ? [] : [nameTest(name, "NAME")];
  const byKey = new Map<string, Test[]>();
  for (const filter of filters) {
    const test = await testOf(filter, store);
    if (filter.key === "label") tests.push(test);
    else byKey.set(filter.key, [...(byKey.get(filter.key) ?? []), test]);
  }
  for (const some of byKey.values()) tests.push((image) => some.some((test) => test(image)));
  return (image) => tests.every((test) => test(image));
}

async function testOf({ key, value = "" }: Filter, store: Store): Promise<Test> {
  switch (key) {
    case "before": {
      const time = await timeOf(value, store);
      return (image) => image.createdAt < time;
    }
    case "since": {
      const time = await timeOf(value, store);
      return (image) => image.createdAt > time;
    }
    case "dangling":
      return danglingTest(value);
    case "label":
      return labelTest(value);
    case "reference":
      return nameTest(value, "--filter", `reference=${value}`);
    default:
      throw new Error(`no filter of images is called ${key}`);
  }
}

async function timeOf(name: string, { images }: Store): Promise<number> {
  const record = images.get(name);
  return createdAt(await images.config(record), record);
}

function danglingTest(value: string): Test {
  const dangling = parseGoBoolean(value);
  if (dangling === undefined) throw badValue("--filter", `dangling=${value}`, "want true or false");
  return ({ name }) => (name === undefined) === dangling;
}

/** "stage" or "stage=build". */
function labelTest(value: string): Test {
  const [label = "", ...rest] = value.split("=");
  const want = rest.length === 0 ? undefined : rest.join("=");
  return ({ config }) => {
    const labels = config.config?.Labels ?? {};
    return Object.hasOwn(labels, label) && (want === undefined || labels[label] === want);
  };
}

/** `web` takes all tags of that repository, `web:1` one; in patterns "*" takes anything but "/". */
function nameTest(wanted: string, flag: string, text = wanted): Test {
  const glob = compileGlob(wanted, "name");
  if (glob === undefined) throw badValue(flag, text, "malformed pattern");
  const exact = exactTest(wanted);
  return ({ name }) => {
    if (name === undefined) return false;
    const { registry, repository, ...suffix } = parseReference(name);
    const shown = familiarReference({ registry, repository });
    const whole = familiarReference({ registry, repository, ...suffix });
    return glob.matches(shown) || glob.matches(whole) || exact(name);
  };
}

/** The same name in another spelling, such as docker.io/library/web. */
function exactTest(wanted: string): (name: string) => boolean {
  try {
    const { registry, repository, tag } = parseReference(wanted);
    const anyTag = !/:[^/]+$/.test(wanted);
    return (name) => {
      const found = parseReference(name);
      if (found.registry !== registry || found.repository !== repository) return false;
      return anyTag || found.tag === tag;
    };
  } catch (error) {
    if (error instanceof BuildError) return () => false; // a pattern
    throw error;
  }
}
