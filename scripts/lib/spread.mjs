// Medians and quantiles of measurements.
const sorted = (values) => [...values].sort((a, b) => a - b);

export const quantile = (values, part) => sorted(values)[Math.round((values.length - 1) * part)];
export const median = (values) => quantile(values, 0.5);

/** The median, with the quantiles of 10 % and 90 %. */
export const cell = (values) => `${median(values).toFixed(2)} (${quantile(values, 0.1).toFixed(2)} to ${quantile(values, 0.9).toFixed(2)})`;
