"""Users' own pictures: folders, DICOM files and TensorFlow Datasets."""
