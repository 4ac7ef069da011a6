/** What to leave out of a subscription that a server refused: a server older than this page does not know every topic. */
import type { Topic } from "./wire";
import { NODE_TOPICS } from "./wire";

/** The topics that the message names, or all that came later than the first protocol when it names none. Never all of them. */
export function refusedTopics(wanted: readonly Topic[], message: string): ReadonlySet<Topic> {
  const words = new Set(message.split(/[^a-z_]+/));
  // The words "no such topic" name none; of several names in a message each counts.
  const named = wanted.filter((topic) => words.has(topic));
  const later = wanted.filter((topic) => topic === "analytics" || (NODE_TOPICS as readonly string[]).includes(topic));
  const refused = named.length > 0 ? named : later;
  return new Set(refused.length === wanted.length ? [] : refused);
}
