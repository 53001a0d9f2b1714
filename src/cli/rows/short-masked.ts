const SHOWN_CHARACTERS = 12;

/** Enough of a masked value to recognise it elsewhere. */
export const shortMasked = (value: string): string =>
  value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
