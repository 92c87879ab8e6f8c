// The call floor's page: a page of Python's, with what staff do there. That is known before the page is mounted.
import "./floor_deeds.js";
import "./plain_page.js";
