// How the site's search sorts: pages for a job first, then the tutorials, and last what is for those who work on wannb.
// The numbers below `score` are those of Sphinx.
const PLACES = [["how-to/", 12], ["start", 12], ["tutorials/", 4], ["architecture", -4], ["contributing", -6], ["changes", -6]];
var Scorer = {
  score: ([page, , , , score]) => score + (PLACES.find(([start]) => page.startsWith(start)) || ["", 0])[1],
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
