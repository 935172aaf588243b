// Noticing that the process that started this one, with a channel to it, is gone; also when it went before anybody looked.

/** Calls `onGone` once the channel to the starter is closed: at once when it is closed already. Never without a channel. */
export function watchStarter(onGone: () => void): void {
  process.once("disconnect", onGone);
  // A starter that was killed while this process still loaded its code has been told of, and nobody heard it.
  if (process.send && !process.connected) onGone();
}
