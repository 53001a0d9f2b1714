/** For commands that can do without Temporal. The setting is refused at once; an address that refuses takes 3 to 5 s. */
export const NO_TEMPORAL = { TEMPORAL_ADDRESS: 'http://none' };
