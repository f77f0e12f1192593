"""Finding a minimum without derivatives."""


def minimise(function, start, step=0.5, tolerance=1e-7, most=2000):
    """Nelder and Mead (1965), The Computer Journal 7:308: a simplex that reflects, expands,
    contracts and shrinks.

    :param function: of a list of numbers.
    :param start: where to begin.
    :param step: how far the other corners of the first simplex are away.
    :param tolerance: relative difference of the values at the corners at which it is enough.
    :param most: so many steps at most.
    :return: the best point and its value.
    """
    size = len(start)
    points = [list(start)]
    for at in range(size):
        point = list(start)
        point[at] += step
        points.append(point)
    corners = sorted((function(point), point) for point in points)
    for __ in range(most):
        best, worst = corners[0][0], corners[-1][0]
        if abs(worst - best) <= tolerance * (abs(worst) + abs(best) + 1e-12):
            break
        centre = [sum(point[at] for __, point in corners[:-1]) / size for at in range(size)]
        corner = corners[-1][1]

        def move(factor, centre=centre, corner=corner):
            point = [
                middle + factor * (middle - old) for middle, old in zip(centre, corner, strict=True)
            ]
            return function(point), point

        reflected = move(1.0)
        if reflected[0] < best:
            corners[-1] = min(reflected, move(2.0))
        elif reflected[0] < corners[-2][0]:
            corners[-1] = reflected
        else:
            contracted = move(0.5 if reflected[0] < worst else -0.5)
            if contracted[0] < min(reflected[0], worst):
                corners[-1] = contracted
            else:
                first = corners[0][1]
                corners[1:] = [
                    (function(point), point)
                    for point in (
                        [(low + old) / 2 for low, old in zip(first, corner, strict=True)]
                        for __, corner in corners[1:]
                    )
                ]
        corners.sort()
    return corners[0][1], corners[0][0]
