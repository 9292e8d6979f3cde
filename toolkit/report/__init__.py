"""From notebooks to reports: read their parameters, run them, draw one HTML file each, keep an index."""
