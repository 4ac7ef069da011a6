/** What a test says of a message or row: the parts that it is about. */
export type Parts<T> = T extends object ? { [K in keyof T]?: Parts<T[K]> } : T;

/** The parts taken for the whole. */
export const taken = <T>(parts: Parts<T>): T => parts as T;
