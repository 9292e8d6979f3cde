-- Chance without random(): every draw is a function of (seed, number, tag), so that a row needs no
-- other row, any machine gives the same bytes, and no release of DuckDB can change them.

-- Multiplication modulo one prime, xor, multiplication modulo another: each alone is linear, together
-- they are not. Every factor is below 2^31, so a product stays within BIGINT.
CREATE MACRO scrambled(x) AS
    (xor((xor((xor((x % 2147483647) * 1583458089 % 2147483647, 715827882)
        * 784588716 + 1013904223) % 2147483629, 1431655765)
        * 1943215157 + 12345) % 2147483647, 858993459)
        * 630360016 + 2531011) % 2147483587;

-- A number has 128 tags. A contact has 0 to 59 and 68 to 109, its messages, which have numbers of their own, 60 to 67
-- and 110 on.
CREATE MACRO draw(number, tag) AS
    scrambled(number * 128 + tag + getvariable('seed') * 1000003) / 2147483587.0;

-- Uniform to normal: Tukey's lambda, within 0.01 of the normal quantile where it matters.
CREATE MACRO normal(p) AS 4.91 * (pow(p + 1e-9, 0.14) - pow(1 - p, 0.14));

-- Whole seconds, log-normal: half lie below `median`.
CREATE MACRO lognormal(median, sigma, p) AS CAST(round(median * exp(sigma * normal(p))) AS BIGINT);

CREATE MACRO between_seconds(low, high, p) AS CAST(floor(low + (high - low + 1) * p) AS BIGINT);

-- What lies after `as_of` has not happened when the data is read.
CREATE MACRO seen(instant) AS CASE WHEN instant < getvariable('as_of') THEN instant END;
