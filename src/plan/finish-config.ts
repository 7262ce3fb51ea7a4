import { inlineCacheKey, type ImageConfig, type RuntimeConfig } from "../oci/image.js";
import { platformOf, type Platform } from "../oci/platform.js";
import type { Draft } from "./draft.js";
import type { PlanOptions } from "./plan.js";
import { sortedRecord } from "./sorted-record.js";

/**
 * Over the base's config as it came, so that keys we do not know survive (H06); `created` goes (S22), and
 * our cache of the base's own layers (K20).
 */
export function finishedConfig({ image: { created: _, ...image }, config }: Draft): ImageConfig {
  const inherited = { ...image };
  Reflect.deleteProperty(inherited, inlineCacheKey);
  return { ...inherited, config };
}

/** The config of the image that is built: with the platform and the labels that the user gave. */
export function targetConfig(draft: Draft, { labels, targetPlatform }: PlanOptions): ImageConfig {
  const finished = finishedConfig(draft);
  const stamped = targetPlatform === undefined ? finished : stamp(finished, targetPlatform);
  const { os, architecture, variant } = platformOf(stamped);
  const { variant: _, ...image } = stamped;
  return {
    ...image,
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    config: withLabels(draft.config, labels),
  };
}

/** H08: what --platform says stands, but the base's variant stays where it says none. */
function stamp(image: ImageConfig, platform: Platform): ImageConfig {
  const same = image.os === platform.os && image.architecture === platform.architecture;
  const { variant, "os.version": version, ...rest } = image;
  const kept = {
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { "os.version": version }),
  };
  return { ...rest, ...(same ? kept : {}), ...platform };
}

/** S20: --label wins over LABEL, and leaves no line of history. */
function withLabels(config: RuntimeConfig, labels: ReadonlyMap<string, string>): RuntimeConfig {
  if (labels.size === 0) return config;
  return { ...config, Labels: sortedRecord([...Object.entries(config.Labels ?? {}), ...labels]) };
}
