import { InvalidArgumentError } from 'commander';

/** A parser of option values between two bounds. */
export const wholeNumber =
  (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER
        ? `It takes a whole number of ${min} or more.`
        : `It takes a whole number from ${min} to ${max}.`,
    );
  };
