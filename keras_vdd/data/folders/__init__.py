"""What lies in folders of videos: videos and their listing, leftovers of systems, names that differ in case alone."""
