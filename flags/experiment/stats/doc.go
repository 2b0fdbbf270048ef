// Package stats is the arithmetic of experiments: what a difference between two
// branches is worth. It does no I/O and holds no state; everything is a function
// of counts and moments, and safe for concurrent use.
//
// # One result, two readings
//
// Every comparison of a treatment with a control ends in a [Result]: the effect
// (treatment less control), its standard error, and two inferences from them.
//
//   - Fixed is the textbook test. Its p-value and interval are right if one looks
//     once, at a number of units fixed before the start. Somebody who looks every
//     day and stops at the first p < 0.05 is wrong far more often than in one case
//     of twenty; a test of this package shows by how much.
//   - Sequential is right however often one looks and whenever one stops: the
//     chance that its p-value is ever below alpha when there is no difference is at
//     most alpha. Its interval is wider. Verdicts stand on it.
//
// # Methods
//
//	proportions  [Proportions]: pooled score test; Newcombe's hybrid score interval
//	means        [Means]: Welch's t with the degrees of freedom of Satterthwaite
//	ratios       [Ratios]: score test and Welch's interval by the delta method over units
//	percentiles  [Percentiles]: the error of the share below, clustered by unit, mapped to order statistics
//	sequential   [Plan.Sequential]: mixture SPRT with a normal mixture
//	ratio check  [SampleRatio]: chi-square
//	covariate    [Adjust]: CUPED
//	many metrics [Holm], [BenjaminiHochberg]
//
// The unit of all of them is the unit of randomisation, usually a user. Rows of
// one user are not independent of each other, so nothing here takes rows.
//
// Formulas and their sources stand at the functions. Distributions are gonum's.
package stats
