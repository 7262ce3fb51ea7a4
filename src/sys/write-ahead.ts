import { bindAsync } from "./libc.js";

const syncFileRange = bindAsync("int sync_file_range(int, int64_t, int64_t, unsigned int)");

/** What is sent to the disk while the next piece is made. */
const PIECE = 1 << 24;

/**
 * Has the kernel bring a file to the disk while it is still being written from beginning to end, so that
 * the fsync at its end has little to wait for. A hint: what fails here fails there, too.
 */
export class WriteAhead {
  readonly #fd: number;
  /** Up to where the kernel was told. */
  #started = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The file has so many bytes now. To be waited for before it is closed. */
  async reached(size: number): Promise<void> {
    const length = size - this.#started;
    if (length < PIECE) return;
    const SYNC_FILE_RANGE_WRITE = 2;
    await syncFileRange(this.#fd, this.#started, length, SYNC_FILE_RANGE_WRITE);
    this.#started = size;
  }
}
