"""Users' own pictures: folders, DICOM and NIfTI files, and TensorFlow Datasets."""
