"""From video files to batches: sources, decoding, the decoded store, clips and stills.

Nothing here learns, and nothing but `batches` needs Keras.
"""
