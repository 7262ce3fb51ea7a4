import { imageKey, type ImageRequest } from "./plan.js";

/** Where `request` is in `images`; adds it when it is new. */
export function imageIndex(images: ImageRequest[], request: ImageRequest): number {
  const index = images.findIndex((other) => imageKey(other) === imageKey(request));
  return index < 0 ? images.push(request) - 1 : index;
}
