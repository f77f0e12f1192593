-- Chance that is the same in every run: it depends on the row's number and the question only.

CREATE FUNCTION books.chance(number bigint, question int) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(number, question) & 4503599627370495)::float8 / 4503599627370496;

-- Mean 0, deviation 1, never further than 3.5: the sum of twelve chances would be finer and slower.
CREATE FUNCTION books.bell(number bigint, question int) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (books.chance(number, question) + books.chance(number, question + 1000)
        + books.chance(number, question + 2000) + books.chance(number, question + 3000) - 2)
       * sqrt(3.0);
